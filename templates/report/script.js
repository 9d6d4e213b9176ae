(()=>{
const B=document,T="innerText",F=":focus-visible",S=e=>e.dataset,D=S(B.body),A=(s,e=B)=>[...e.querySelectorAll(s)],Q=(s,e)=>A(s,e)[0],{abs,min,max,round}=Math,
  [X,Y,W,H,V]=JSON.parse(D.plot),
  now=()=>Q("#x"+Q(".rs>:checked").value),
  span=r=>JSON.parse(S(r).span),
  path=(p,c,d)=>{
    Q("."+c[0],p)?.remove();
    p.insertAdjacentHTML("beforeend",`<path class="${c}" d="${d}"/>`);
    return p.lastChild},
  short=v=>(+v.toFixed(v<9.995?2:v<99.95)+"").replace(".",D.dot),
  form=(v,f)=>{
    let u=0;
    if(f<"b")return short(v)+f;
    for(;v>=1023.5;u++)v/=1024;
    return short(v)+" "+(u?" KMGTP"[u]+"i":"")+D.byte+(f>"b"?"/s":"")},
  time=t=>new Date((JSON.parse(D.zone).find(z=>z[0]<=t)[1]+t+30)*1e3).toJSON().slice(0,16).replace("T"," "),
  up=(c,y)=>(Y+H-y)/H*S(c).top+(+S(c).low||0),
  points=p=>p.at??=p.getAttribute("d").match(/[^M]+/g).flatMap(m=>{
    let x=0,y=0;
    return m.match(/-?[\d.]+/g).flatMap((v,i,n)=>i%2?[[x+=+n[i-1],y+=+v]]:[])}),
  put=(p,t,s="",c)=>{
    const e=B.createElement(t);
    e.className=c;e[T]=s;p.append(e);
    return e},
  hide=()=>{tip.hidden=1;A(".y").map(e=>e.remove())},
  view=q=>{
    const[a,b]=span(R),d=+cmp.value,z=q?.[0]>=0&&q[1]-q[0]>1e-4&&q[1]<=1?q.map(Number):0,[f,g]=z||[0,1];
    zoom=z;whole.hidden=!z;
    A(".pl",R).map(p=>p.setAttribute("viewBox",[X+f*W,Y,(g-f)*W,H]));
    A("text.c",R).map(e=>{
      e.o??=e.textContent;
      const t=time(a+b*(f+(e.getAttribute("x")-X)/W*(g-f)));
      e.textContent=z?b*(g-f)<9e4?t.slice(11):t.slice(5,10):e.o});
    A(".v").map(e=>e.remove());
    d&&A(".c",R).map(c=>{
      let f,g,
        s=A("[data-k]").find(s=>([f,g]=span(s.closest(".r")),S(s).k==S(c).k&&f<=a-d&&f+g>=a+b-d)),
        p=s&&Q(".pl [class=s0]",s);
      if(p){
        const o=points(p).map(q=>[round(X+(f+(q[0]-X)/W*g-a+d)/b*W),Y+H-(up(s,q[1])-(S(c).low||0))/S(c).top*H]);
        path(Q(".pl",c),"v s0","M"+o.join("L")).at=o}});
    location.replace("#"+[R.id.slice(1),d,...z||[]])},
  spot=e=>{
    const s=R&&e.target.closest(".c>svg"),r=s?.getBoundingClientRect(),[f,g]=zoom||[0,1];
    return s&&[s.parentNode,f+(g-f)*min(1,max(0,((e.x-r.x)/r.width*V-X)/W))]},
  move=e=>{
    const[c,u]=spot(e)||[];
    if(!c)return hide();
    const[a,b]=span(R),x=X+u*W;
    let t=a+u*b,n;
    A(".pl",R).map(p=>path(p,"y",`M${drag?X+drag[1]*W:x} ${Y}v${H}H${x}V${Y}z`));
    tip[T]="";
    const head=put(tip,"b"),
      line=(p,k,s)=>{
        const q=p&&points(p).reduce((b,q)=>abs(q[0]-x)<abs(b[0]-x)?q:b,[-1e6]);
        if(!p||abs(q[0]-x)>W/40)return;
        n??=t=a+(q[0]-X)/W*b;
        const o=put(tip,"p");
        put(o,"i","",k);put(o,"span",s);put(o,"b",form(up(c,q[1]),S(c).f))};
    A("th i",c).map(i=>{
      const k=i.className;
      line(Q(`.pl [class=${k}]`,c),k,i.parentNode[T])});
    line(Q(".v",c),"s0",cmp.selectedOptions[0].text);
    head[T]=time(t);
    A(".e li").map(l=>l.offsetParent&&abs(S(l).t-a-u*b)<b/90&&put(tip,"p",l[T],"q"));
    tip.hidden=0;
    tip.style=`left:${min(e.x+16,innerWidth-tip.offsetWidth-8)}px;top:${min(e.y+16,innerHeight-tip.offsetHeight-8)}px`},
  tick=()=>{
    const s=(Date.now()-D.taken)/1e3,t=performance.now();
    if(+D.taken){
      ago[T]=s<-60?D.skew:D.age.replace("{}",s<120?round(abs(s))+" s":s<7e3?round(s/60)+" min":s<17e4?round(s/36e2)+" h":round(s/864e2)+D.day);
      if(s>D.stale&&stale.hidden){
        stale.hidden=0;B.body.className="old";
        Q("h1")[T]=D.unknown;rest[T]=D.was;B.title=D.old}}
    if(t>6e4&&!B.hidden&&(t>15e4||tip.hidden&&!drag&&getSelection()==""&&!Q(F))){
      history.replaceState(A("[id]").map(e=>[e.id,e.checked,e.open,e.scrollTop,e.matches(F)]),"");
      location.reload()}};
let zoom,drag,R;
history.state?.map(([i,c,o,t,f])=>A("#"+i).map(e=>{
  e.checked=c;e.open=o;e.scrollTop=t;
  f&&e.focus()}));
if(Q(".pl")){
  const[,r,c,...z]=location.hash.split(/[#,]/),o=B.getElementById("r"+r);
  Q(".js").hidden=0;
  if(o){o.checked=1;cmp.value=c;cmp.value||=0}
  R=now();
  o&&view(z);
  onpointermove=move;
  onscroll=hide;
  onpointerdown=e=>drag=spot(e);
  onpointercancel=()=>hide(drag=0);
  onpointerup=e=>{
    const s=drag,t=spot(e);
    hide(drag=0);
    if(!s||!t)return;
    const[a,b]=span(R),z=[s[1],t[1]].sort().map(u=>a+u*b);
    if(z[1]-z[0]<b/60)return move(e);
    let f,g,r=A(".r").find(r=>([f,g]=span(r),f<=z[0]&&f+g>=z[1]));
    view();
    Q("#r"+r.id.slice(1)).checked=1;
    R=r;
    view(z.map(t=>(t-f)/g))};
  onkeydown=e=>{e.key=="Escape"&&view()};
  whole.onclick=view;
  Q(".rs").onchange=()=>{const z=R==now()&&zoom;view();R=now();view(z)}}
tick();
setInterval(tick,1e3)
})()
